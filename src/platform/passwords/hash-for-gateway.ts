import apacheMd5 from "apache-md5";
import { encodeBase64 } from "bcryptjs";
import { checkVisitorPassword } from "./credential-rules";
import type { HashAlgorithm } from "./hash-algorithm";
import { processHashQueues } from "./hash-queues";
import { bcryptInWorker } from "./hash-workers";

/**
 * 2^10 rounds. The gateway checks a password at every request (about 50 ms at this cost), so a higher cost is not used.
 */
export const ownBcryptCost = 10;

const saltAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Hashes a visitor's password in a form that Traefik's basicAuth checks: `$apr1$…` (37 characters) or `$2b$10$…` (60).
 *
 * Slow: APR1 takes about 1 ms on the event loop, less than the rest of the request; bcrypt takes about 50 ms on a
 * separate thread, after it waits for the organization's turn. Never call it inside a transaction.
 * @param randomBytes a cryptographic source for 8 (APR1) or 16 (bcrypt) bytes of salt
 * @param organizationId the organization whose share of the hashing threads is used
 * @param bcryptCost the binary logarithm of the rounds of bcrypt. All hashes of an application have the same cost
 * @throws RangeError the password breaks `checkVisitorPassword`; the message is the problem and never the password
 * @throws Refusal `busy`: too many hashes of this organization, or of all callers, wait
 */
export async function hashForGateway(
  password: string,
  algorithm: HashAlgorithm,
  randomBytes: (size: number) => Uint8Array,
  organizationId: string,
  bcryptCost: number = ownBcryptCost,
): Promise<string> {
  const problem = checkVisitorPassword(password, algorithm);
  if (problem !== null) throw new RangeError(problem);
  if (algorithm === "apr1") return apr1(password, salt(8, randomBytes));
  const random = salt(16, randomBytes);
  const settings = `$2b$${String(bcryptCost).padStart(2, "0")}$${encodeBase64([...random], random.length)}`;
  return processHashQueues.run({ known: organizationId }, () => bcryptInWorker(password, settings));
}

function apr1(password: string, random: Uint8Array): string {
  const text = Array.from(random, (byte) => saltAlphabet.charAt(byte & 63)).join("");
  // The library treats each character as one byte, so UTF-8 must be passed as latin1.
  return apacheMd5(Buffer.from(password, "utf8").toString("latin1"), `$apr1$${text}$`);
}

function salt(size: number, randomBytes: (size: number) => Uint8Array): Uint8Array {
  const random = randomBytes(size);
  if (random.length !== size) throw new RangeError(`a salt needs ${size} random bytes`);
  return random;
}

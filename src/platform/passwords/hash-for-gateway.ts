import apacheMd5 from "apache-md5";
import { encodeBase64 } from "bcryptjs";
import { checkVisitorPassword } from "./credential-rules";
import type { HashAlgorithm } from "./hash-algorithm";
import { processHashQueues } from "./hash-queues";
import { bcryptInWorker } from "./hash-workers";

/** 2^10 rounds. The gateway checks a password at every request (about 50 ms at this cost), so it does not go higher. */
const bcryptCost = "10";

const saltAlphabet = "./0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/**
 * Hashes a visitor's password in a form that Traefik's basicAuth checks: `$apr1$…` (37 characters) or `$2b$10$…` (60).
 *
 * Slow (APR1 about 1 ms on the event loop, less than the request around it; bcrypt about 50 ms on a thread of its own,
 * when it is the organization's turn): never inside a transaction.
 * @param randomBytes a cryptographic source; asked for 8 (APR1) or 16 (bcrypt) bytes of salt
 * @param organizationId whose share of the hashing threads it takes
 * @throws RangeError the password breaks `checkVisitorPassword`; the message is its word and never the password
 * @throws Refusal `busy`: too many of this organization's, or of everybody's, wait
 */
export async function hashForGateway(
  password: string,
  algorithm: HashAlgorithm,
  randomBytes: (size: number) => Uint8Array,
  organizationId: string,
): Promise<string> {
  const problem = checkVisitorPassword(password, algorithm);
  if (problem !== null) throw new RangeError(problem);
  if (algorithm === "apr1") return apr1(password, salt(8, randomBytes));
  const random = salt(16, randomBytes);
  const settings = `$2b$${bcryptCost}$${encodeBase64([...random], random.length)}`;
  return processHashQueues.run({ known: organizationId }, () => bcryptInWorker(password, settings));
}

function apr1(password: string, random: Uint8Array): string {
  const text = Array.from(random, (byte) => saltAlphabet.charAt(byte & 63)).join("");
  // The library takes one character for one byte, so that UTF-8 has to reach it as latin1.
  return apacheMd5(Buffer.from(password, "utf8").toString("latin1"), `$apr1$${text}$`);
}

function salt(size: number, randomBytes: (size: number) => Uint8Array): Uint8Array {
  const random = randomBytes(size);
  if (random.length !== size) throw new RangeError(`a salt needs ${size} random bytes`);
  return random;
}

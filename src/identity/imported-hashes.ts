import { createHash, timingSafeEqual } from "node:crypto";
import { bcryptInWorker } from "../platform/passwords/hash-workers";

/**
 * The highest cost of an imported bcrypt hash that is checked: four times the cost of a gateway's hash, about 250 ms.
 */
const highestBcryptCost = 12;

const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const sha256 = /^[0-9a-f]{64}$/;

/** Forms of imported hashes. Each is valid for one sign-in, which replaces it. */
export type ImportedForm = "bcrypt" | "sha256";

/** The imported form of a stored hash; null for the product's own form, and for the unusable hash. */
export function importedFormOf(stored: string): ImportedForm | null {
  if (sha256.test(stored)) return "sha256";
  const cost = Number(bcrypt.exec(stored)?.[1] ?? Number.NaN);
  return cost >= 4 && cost <= highestBcryptCost ? "bcrypt" : null;
}

/** Whether a password matches an imported hash. bcrypt is computed on its own thread. */
export async function verifyImported(password: string, stored: string, form: ImportedForm): Promise<boolean> {
  const computed =
    form === "sha256"
      ? createHash("sha256").update(password, "utf8").digest("hex")
      : await bcryptInWorker(password, stored.slice(0, saltLength));
  return computed.length === stored.length && timingSafeEqual(Buffer.from(computed), Buffer.from(stored));
}

/** `$2b$12$` and 22 characters. */
const saltLength = 29;

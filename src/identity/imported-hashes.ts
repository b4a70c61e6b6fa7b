import { createHash, timingSafeEqual } from "node:crypto";
import { bcryptInWorker } from "../platform/passwords/hash-workers";

/** The highest cost of a bcrypt hash from elsewhere that is checked: four times that of a gateway's, some 250 ms. */
const highestBcryptCost = 12;

const bcrypt = /^\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}$/;
const sha256 = /^[0-9a-f]{64}$/;

/** Forms of hashes that came from elsewhere: good for one sign-in, which replaces them. */
export type ImportedForm = "bcrypt" | "sha256";

/** Which of them a stored hash has; null for our own, and for one that nobody can sign in with. */
export function importedFormOf(stored: string): ImportedForm | null {
  if (sha256.test(stored)) return "sha256";
  const cost = Number(bcrypt.exec(stored)?.[1] ?? Number.NaN);
  return cost >= 4 && cost <= highestBcryptCost ? "bcrypt" : null;
}

/** Whether a password is the one of a hash from elsewhere; bcrypt is computed on a thread of its own. */
export async function verifyImported(password: string, stored: string, form: ImportedForm): Promise<boolean> {
  const made =
    form === "sha256"
      ? createHash("sha256").update(password, "utf8").digest("hex")
      : await bcryptInWorker(password, stored.slice(0, saltLength));
  return made.length === stored.length && timingSafeEqual(Buffer.from(made), Buffer.from(stored));
}

/** `$2b$12$` and 22 characters. */
const saltLength = 29;

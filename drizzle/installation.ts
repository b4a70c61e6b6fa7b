import { pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, id } from "./columns";

/** The only row of the table. It identifies the installation of this database and the secret that seals its values. */
export const installation = pgTable("installation", {
  installationId: id("installation_id").primaryKey(),
  secretFingerprint: text("secret_fingerprint").notNull(),
  createdAt: createdAt(),
});

/** The last applied text of each function and policy file (`src/database/repeatable-sql.ts`). */
export const repeatableSql = pgTable("repeatable_sql", {
  name: text("name").primaryKey(),
  /** SHA-256, in hex. */
  digest: text("digest").notNull(),
});

import { pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, id } from "./columns";

/** The one row that says which installation this database is, and which secret seals its values. */
export const installation = pgTable("installation", {
  installationId: id("installation_id").primaryKey(),
  secretFingerprint: text("secret_fingerprint").notNull(),
  createdAt: createdAt(),
});

/** Which text of each function and policy file was applied last (`src/database/repeatable-sql.ts`). */
export const repeatableSql = pgTable("repeatable_sql", {
  name: text("name").primaryKey(),
  /** SHA-256, in hex. */
  digest: text("digest").notNull(),
});

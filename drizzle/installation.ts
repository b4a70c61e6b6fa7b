import { pgTable, text } from "drizzle-orm/pg-core";
import { createdAt, id } from "./columns";

/** The one row that says which installation this database is, and which secret seals its values. */
export const installation = pgTable("installation", {
  installationId: id("installation_id").primaryKey(),
  secretFingerprint: text("secret_fingerprint").notNull(),
  createdAt: createdAt(),
});

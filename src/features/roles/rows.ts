import type { roles } from "#drizzle/roles";
import type { Role } from "./contract";

/** The public form of a custom role. */
export function presentRole({ roleId, name, permissions, createdAt, version }: typeof roles.$inferSelect): Role {
  return { roleId, name, permissions, createdAt: createdAt.toISOString(), version };
}

import { grantable, isRole, type Permission } from "../../access/permissions";
import { violatedConstraint } from "../../database/database-errors";
import { Conflict, Invalid } from "../../platform/errors";

/**
 * The words of a role, each once, in the order of the table. What belongs to every person alone is in no role.
 * @throws Invalid `unknown_permission`
 */
export function requireWords(words: readonly string[]): Permission[] {
  const wanted = new Set(words);
  const known = grantable.filter((permission) => wanted.has(permission));
  if (known.length === wanted.size) return known;
  const fields = words.flatMap((word, at) =>
    grantable.some((permission) => permission === word) ? [] : [[`permissions.${at}`, "unknown_permission"] as const],
  );
  throw new Invalid(
    "unknown_permission",
    "A role is made of words of the permission table.",
    Object.fromEntries(fields),
  );
}

/** A role of one's own that is called like a built-in one would be taken for it. @throws Conflict `name_taken` */
export function requireOwnName(name: string): void {
  if (isRole(name.toLowerCase())) throw nameTaken();
}

/** @throws Conflict `name_taken` where the organization has a role of this name */
export function orNameTaken(error: unknown): never {
  if (violatedConstraint(error) === "roles_name") throw nameTaken();
  throw error;
}

function nameTaken(): Conflict {
  return new Conflict("name_taken", "There is a role of this name already.", { name: "name_taken" });
}

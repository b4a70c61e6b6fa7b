import { grantable, isRole, type Permission } from "../../access/permissions";
import { violatedConstraint } from "../../database/database-errors";
import { Refusal } from "../../platform/errors/refusal";

/**
 * The words of a role, each once, in the order of the table. What belongs to every person alone is in no role.
 * @throws Refusal `unknown_permission`
 */
export function requireWords(words: readonly string[]): Permission[] {
  const wanted = new Set(words);
  const known = grantable.filter((permission) => wanted.has(permission));
  if (known.length === wanted.size) return known;
  const permissions = words.flatMap((word, at) =>
    grantable.some((permission) => permission === word) ? [] : [{ at, word }],
  );
  throw new Refusal("unknown_permission", { permissions });
}

/** A role of one's own that is called like a built-in one would be taken for it. @throws Refusal `name_taken` */
export function requireOwnName(name: string): void {
  if (isRole(name.toLowerCase())) throw nameTaken(name);
}

/** @throws Refusal `name_taken` where the organization has a role of this name */
export function orNameTaken(error: unknown, name: string): never {
  if (violatedConstraint(error) === "roles_name") throw nameTaken(name);
  throw error;
}

function nameTaken(name: string): Refusal {
  return new Refusal("name_taken", { kind: "role", name });
}

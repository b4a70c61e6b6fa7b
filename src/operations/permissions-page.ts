import { installationWide } from "../access/authorization";
import { grantable, levelOf, type Permission, permissions, permissionsOf, roles } from "../access/permissions";
import { type OperationTree, operationsOf } from "./operations-of";

const levels = {
  organization: "organization",
  project: "organization, project",
  person: "own account",
} as const;

/**
 * The text of `docs/permissions.md`, from the permission table and the operations that need each permission.
 * @param tree all operations
 */
export function renderPermissionsPage(tree: OperationTree): string {
  const operations = operationsOf(tree).map(({ operation }) => operation);
  const operationsNeeding = (permission: Permission) =>
    operations
      .filter(({ access }) => access.kind === "permission" && access.permission === permission)
      .map(({ name }) => `\`${name}\``)
      .sort();
  return [
    "# Permissions",
    "",
    "This page is generated from the permission table in `src/access/permissions.ts` and from the list of operations. A",
    "test compares it with both.",
    "",
    "Every operation needs one of these permissions at one object, except the operations for visitors who are not signed",
    "in. The scopes of API keys and the roles that an organization defines consist of permissions, too.",
    "",
    "- *Granted at* says where a role counts for the permission. A role at a project adds to the role at the organization",
    "  for everything inside that project, and never takes anything away. A permission that is granted at the",
    "  organization only is not part of a role at a project.",
    "- A caller cannot grant a permission that the caller does not have: not by a role, an invitation, a role at a project,",
    "  a role that the organization defines, or a key. A caller cannot change or remove a member who has more permissions.",
    "- An API key has the permissions that both its own scopes and its holder have when it is used.",
    "- Permissions for the own account belong to every signed-in person, for that person. No role and no key grants them.",
    "- The holder of an API key can read, change and revoke it without a permission.",
    "- Permissions that reach beyond one organization count in the root organization only, which set-up creates.",
    "",
    `| permission | ${roles.join(" | ")} | granted at | operations |`,
    `|---|${roles.map(() => ":-:").join("|")}|---|---|`,
    ...permissions.map((permission) => {
      const cells = roles.map((role) => (permissionsOf(role).has(permission) ? "✓" : ""));
      return `| \`${permission}\` | ${cells.join(" | ")} | ${levelText(permission)} | ${operationsNeeding(permission).join(", ")} |`;
    }),
    "",
    `${grantable.length} of them can be granted.`,
    "",
  ].join("\n");
}

function levelText(permission: Permission): string {
  return installationWide.has(permission) ? "root organization" : levels[levelOf(permission)];
}

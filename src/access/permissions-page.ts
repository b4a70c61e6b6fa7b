import { installationWide } from "./authorization";
import { grantable, type Permission, permissions, permissionsOf, placeOf, roles } from "./permissions";

const places = {
  organization: "organization",
  project: "organization, project",
  person: "one's own account",
} as const;

/** The text of `docs/permissions.md`, made from the permission table. */
export function renderPermissionsPage(): string {
  return [
    "# Permissions",
    "",
    "This page is made from the permission table in `src/access/permissions.ts`; a test compares the two.",
    "",
    "Every procedure asks for one of these words, at one object. The words are the scopes of API keys and what an",
    "organization's own roles are made of, too.",
    "",
    "- *Given at* says where a role counts for it. A role at a project adds to the role at the organization, for what",
    "  lies inside that project, and never takes anything away. What can only be given at the organization is not held",
    "  by a role at a project.",
    "- Nobody gives what they do not have: not by a role, an invitation, a role at a project, a role of the",
    "  organization's own or a key. Nobody changes or removes a member who may do more than they.",
    "- A key may do what both its own words and whoever holds it may, at the moment of its use.",
    "- What is of one's own account is held by everybody who is signed in, for themselves. No role and no key has it.",
    "- Whoever holds an API key may read, change and revoke it without a word for that.",
    "- What reaches beyond one organization counts in the root organization alone, the one that set-up made.",
    "",
    `| permission | ${roles.join(" | ")} | given at |`,
    `|---|${roles.map(() => ":-:").join("|")}|---|`,
    ...permissions.map((permission) => {
      const cells = roles.map((role) => mark(role, permission));
      return `| \`${permission}\` | ${cells.join(" | ")} | ${whereGiven(permission)} |`;
    }),
    "",
    `${grantable.length} of them can be given.`,
    "",
  ].join("\n");
}

function whereGiven(permission: Permission): string {
  return installationWide.has(permission) ? "root organization" : places[placeOf(permission)];
}

function mark(role: string, permission: Permission): string {
  return permissionsOf(role).has(permission) ? "✓" : "";
}

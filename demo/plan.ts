import type { Role } from "../src/access/permissions";

/** What the demo data holds. Names under `localhost` need no DNS. */

export const owner = { email: "demo@example.org", name: "Dana Demo" };

/**
 * Everyone besides the owner, who is the owner of every organization. With the owner's, these are four of the five
 * sign-in attempts that an address has in a minute: the fifth is left for the person who looks at the result.
 */
export const people = ["grace@example.org", "edsger@example.org", "barbara@example.org"] as const;

type Person = (typeof people)[number];

export interface PlannedOrganization {
  readonly name: string;
  /** Each has two environments. */
  readonly projects: readonly { readonly name: string; readonly applications: readonly string[] }[];
  /** Where all its routes lead. An upstream belongs to one organization. */
  readonly upstream: string;
  /** `null`: a role of the organization's own, which may only read the audit log and the applications. */
  readonly members: readonly { readonly email: Person; readonly role: Role | null }[];
  /** An invitation that waits to be accepted. */
  readonly invited: string;
}

export const organizations: readonly PlannedOrganization[] = [
  {
    name: "Acme",
    projects: [
      { name: "Handbook", applications: ["Wiki", "Search", "Editor", "Files", "Glossary"] },
      { name: "Operations", applications: ["Dashboards", "Alerts", "Logs", "Status", "Runbooks"] },
    ],
    upstream: "http://127.0.0.1:9001",
    members: [
      { email: "grace@example.org", role: "admin" },
      { email: "edsger@example.org", role: "developer" },
      { email: "barbara@example.org", role: "viewer" },
    ],
    invited: "donald@example.org",
  },
  {
    name: "Globex",
    projects: [
      { name: "Shop", applications: ["Storefront", "Checkout", "Catalog", "Prices", "Returns"] },
      { name: "Warehouse", applications: ["Stock", "Labels", "Carriers", "Forecast", "Scanner"] },
    ],
    upstream: "http://127.0.0.1:9002",
    members: [
      { email: "grace@example.org", role: "developer" },
      { email: "edsger@example.org", role: null },
    ],
    invited: "frances@example.org",
  },
  {
    name: "Initech",
    projects: [
      { name: "Reports", applications: ["Cover Sheets", "Archive", "Printing", "Review", "Templates"] },
      { name: "Payroll", applications: ["Timesheets", "Payslips", "Taxes", "Bonuses", "Holidays"] },
    ],
    upstream: "http://127.0.0.1:9003",
    members: [{ email: "barbara@example.org", role: "owner" }],
    invited: "john@example.org",
  },
];

/** Of every project. The first part of a host name names the application, the second the environment. */
export const environments = [
  { name: "Production", kind: "production", label: "" },
  { name: "Staging", kind: "development", label: ".staging" },
] as const;

/**
 * How the applications of an environment differ, in their order: usernames, and what visitors get. Without a credential
 * an application is open, or closed to all, as its `access` says.
 */
export const forms = [
  { access: "protected", usernames: ["ada"] },
  { access: "protected", usernames: ["ada", "bob"] },
  { access: "protected", usernames: ["ada"] },
  { access: "protected", usernames: [] },
  { access: "public-when-empty", usernames: [] },
] as const;

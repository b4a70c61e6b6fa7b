import { type SQL, sql } from "drizzle-orm";
import { isAllowed, visibleProjects } from "#src/access/authorization";
import type { Authorized } from "#src/access/authorized";
import type { Reach } from "#src/access/organization";
import type { Permission } from "#src/access/permissions";
import { readAs } from "#src/access/read-as";
import { beginsWith, contains, oneOf } from "#src/database/conditions-in-sql";
import { rowsOf } from "#src/database/database";
import { operation } from "#src/operations/operation";
import { callerReach } from "#src/operations/subject";
import { type Hit, Hits, Search } from "./contract";

type Searcher = Authorized<"application:read", Reach>;

const most = 20;

/** Finds objects of every kind by a part of their names. Each kind is searched where the caller may read it. */
export const search = operation(
  {
    name: "search",
    summary: "Find applications, hosts, credentials, projects, gateways and members by a part of their names",
    permission: "application:read",
    on: callerReach,
    input: Search,
    output: Hits,
    errors: [],
    rest: { method: "GET", path: "/search" },
  },
  async (authorized, { text }) => {
    const kinds = kindsFor(authorized).map((kind, at) => hitsOf(kind, at, text));
    return readAs(authorized, async (tx) => {
      const result = await tx.execute(sql`
        select kind, id, title, application from (${sql.join(kinds, sql` union all `)}) hits
        order by rank, place, lower(title), id limit ${most}`);
      return {
        items: rowsOf<Hit>(result).map(({ kind, id, title, application }) => ({ kind, id, title, application })),
      };
    });
  },
);

/** One kind of object: where it is, what is compared, and which rows the caller may read. */
interface Kind {
  readonly kind: Hit["kind"];
  readonly from: SQL;
  readonly id: SQL;
  readonly title: SQL;
  /** A further text that is compared. */
  readonly also?: SQL;
  readonly which: SQL;
  readonly hasApplication?: true;
}

const inEnvironment = sql`join environments e on e.environment_id = a.environment_id`;

function kindsFor({ principal, organization, object }: Searcher): readonly Kind[] {
  const inProject = (permission: Permission, column = sql`e.project_id`) => {
    const visible = visibleProjects(principal, organization, object, permission);
    return visible === "all" ? sql`true` : oneOf(column, visible);
  };
  const inOrganization = (permission: Permission) =>
    isAllowed(principal, organization, permission) ? sql`true` : sql`false`;
  return [
    {
      kind: "application",
      from: sql`applications a ${inEnvironment}`,
      id: sql`a.application_id`,
      title: sql`a.name`,
      which: inProject("application:read"),
    },
    {
      kind: "host",
      from: sql`routes r join applications a on a.application_id = r.application_id ${inEnvironment}`,
      id: sql`r.route_id`,
      title: sql`r.host`,
      which: inProject("route:read"),
      hasApplication: true,
    },
    {
      kind: "credential",
      from: sql`security s join applications a on a.application_id = s.application_id ${inEnvironment}`,
      id: sql`s.security_id`,
      title: sql`s.username`,
      which: inProject("security:read"),
      hasApplication: true,
    },
    {
      kind: "project",
      from: sql`projects p`,
      id: sql`p.project_id`,
      title: sql`p.name`,
      which: inProject("project:read", sql`p.project_id`),
    },
    {
      kind: "gateway",
      from: sql`gateways g`,
      id: sql`g.gateway_id`,
      title: sql`g.name`,
      which: inOrganization("gateway:read"),
    },
    {
      kind: "member",
      from: sql`members m join users u on u.user_id = m.user_id`,
      id: sql`m.member_id`,
      title: sql`u.email`,
      also: sql`u.name`,
      which: inOrganization("member:read"),
    },
  ];
}

/** The best hits of one kind. */
function hitsOf({ kind, from, id, title, also, which, hasApplication }: Kind, place: number, text: string): SQL {
  const matches =
    also === undefined ? contains(title, text) : sql`(${contains(title, text)} or ${contains(also, text)})`;
  const application = hasApplication
    ? sql`json_build_object('applicationId', a.application_id, 'name', a.name)`
    : sql`null::json`;
  return sql`(select ${kind}::text as kind, ${id} as id, ${title} as title, ${application} as application,
      case when ${beginsWith(title, text)} then 0 else 1 end as rank, ${place}::integer as place
    from ${from} where ${which} and ${matches} order by rank, lower(${title}), ${id} limit ${most})`;
}

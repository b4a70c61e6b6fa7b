import { eq } from "drizzle-orm";
import { applications } from "#drizzle/applications";
import { environments } from "#drizzle/projects";
import { readAs } from "#src/access/read-as";
import { operation } from "#src/operations/operation";
import { Refusal } from "#src/platform/errors/refusal";
import { Application, ApplicationById } from "./contract";
import { application } from "./resource";
import { applicationColumns, presentApplications } from "./rows";

/** One application, with what the gateway currently returns to anyone on the internet. */
export const one = operation(
  {
    name: "applications.one",
    summary: "Get an application, with its exposure as observed at the gateway",
    permission: "application:read",
    on: application,
    input: ApplicationById,
    output: Application,
    errors: [],
    rest: { method: "GET", path: "/applications/{applicationId}" },
  },
  async (authorized) => {
    return readAs(authorized, async (tx) => {
      const [row] = await tx
        .select(applicationColumns)
        .from(applications)
        .innerJoin(environments, eq(environments.environmentId, applications.environmentId))
        .where(eq(applications.applicationId, authorized.object.applicationId));
      if (!row) throw new Refusal("not_found", authorized.named);
      return (await presentApplications(tx, [row], authorized.request.runtime.clock.now()))(row);
    });
  },
);

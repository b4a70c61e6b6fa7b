import { z } from "zod";
import { asSync } from "../database/as-sync";
import type { Database } from "../database/database";
import type { Sealer } from "../database/sealing";
import { compileDeny } from "../traefik/compiler/compile-deny";
import {
  type DecidingDocument,
  type ExplainedRequest,
  explainRequest,
  type OwnedDocument,
  type VisitorRequest,
} from "../traefik/compiler/explain-request";
import { findGateway } from "./leader/lease";
import { compileChecked, withHashes } from "./planner/compile-batch";
import { readApplications, readDenyHosts, readStates } from "./planner/desired-state";
import { openGateway } from "./planner/gateway";

/** The parts of a file that decide about requests. A middleware of another kind would decide, too, so it is an error. */
const File = z.object({
  http: z.object({
    routers: z.record(
      z.string(),
      z.object({
        rule: z.string(),
        priority: z.number(),
        service: z.string(),
        middlewares: z.array(z.string()).optional(),
      }),
    ),
    middlewares: z
      .record(
        z.string(),
        z.union([
          z.object({ basicAuth: z.object({ users: z.array(z.string()) }) }),
          z.object({ ipAllowList: z.object({ sourceRange: z.array(z.string()) }) }),
          z.object({ headers: z.object({}) }),
        ]),
      )
      .optional(),
    services: z
      .record(
        z.string(),
        z.union([
          z.object({ loadBalancer: z.object({ servers: z.array(z.object({ url: z.string() })) }) }),
          z.object({ weighted: z.object({ services: z.array(z.object({ name: z.string() })) }) }),
        ]),
      )
      .optional(),
  }),
});

/** Reads a compiled file. Its rules and chains are then those that the gateway gets. */
export function readDocument(text: string): DecidingDocument {
  return File.parse(JSON.parse(text)).http;
}

/** What one organization has at a place of a gateway. */
export interface OwnPlace {
  readonly organizationId: string;
  readonly gatewayId: string;
  /** Its applications with a route that can answer there. */
  readonly applicationIds: readonly string[];
  /** The groups of its claims that cover the host. */
  readonly denyGroups: readonly number[];
}

/** Null: the deny of a claimed host, which belongs to no application. */
type Owner = string | null;

/**
 * Explains a request at a place of one organization. It compiles what the sync would deliver now, and delivers nothing.
 * No other organization can have a router for a host that this one has claimed.
 * @returns null if no router of the organization answers
 */
export async function explainAtGateway(
  { database, sealer }: { readonly database: Database; readonly sealer: Sealer },
  { organizationId, gatewayId, applicationIds, denyGroups }: OwnPlace,
  request: VisitorRequest,
  now: Date,
): Promise<ExplainedRequest<Owner> | null> {
  const row = await findGateway(database, gatewayId);
  if (row === null) return null;
  const [stored, states, groups] = await asSync(database, (tx) =>
    Promise.all([
      readApplications(tx, gatewayId, applicationIds, now),
      readStates(tx, gatewayId, applicationIds),
      Promise.all(
        denyGroups.map(async (group) => {
          const hosts = await readDenyHosts(tx, gatewayId, { organizationId, group });
          return { organizationId, group, hosts };
        }),
      ),
    ]),
  );
  const gateway = openGateway(row, sealer);
  const own = stored.filter((application) => application.organizationId === organizationId);
  const documents = [
    ...own.flatMap((application): OwnedDocument<Owner>[] => {
      const { applicationId } = application;
      const before = states.find((state) => state.applicationId === applicationId);
      const { file } = compileChecked(withHashes(application, sealer), gateway, before?.lastGood ?? null);
      return file === null ? [] : [{ owner: applicationId, document: readDocument(file.text) }];
    }),
    ...groups.flatMap((group): OwnedDocument<Owner>[] => {
      const { file } = compileDeny(group, gateway.state);
      return file === null ? [] : [{ owner: null, document: readDocument(file.text) }];
    }),
  ];
  return explainRequest(documents, request);
}

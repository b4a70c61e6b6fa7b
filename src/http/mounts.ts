import type { OperationTree } from "../operations/operations-of";
import type { Mount } from "./app";
import { auditExport, auditExportPath } from "./audit-export";
import { events, eventsPath } from "./events";
import { readyz } from "./health";
import { openApi } from "./rest/open-api-endpoint";
import { restOf } from "./rest/rest";
import { openApiPath, restBase } from "./rest/rest-base";
import { signIn } from "./sign-in/sign-in-endpoint";
import { signInEndpoint } from "./sign-in/sign-in-request";
import { trpcBase, trpcOf } from "./trpc/trpc";

/** Lists who answers which path, without `/healthz` and the pages of the console. */
export function mountsOf(tree: OperationTree): readonly Mount[] {
  return [
    { path: "/readyz", app: readyz },
    { path: signInEndpoint, app: signIn, task: "a sign-in" },
    { path: auditExportPath, app: auditExport, task: "an export" },
    { path: eventsPath, app: events, task: "a stream of events" },
    { path: openApiPath, app: openApi },
    { path: restBase, app: restOf(tree), format: "rest", task: "an operation" },
    { path: trpcBase, app: trpcOf(tree) },
  ];
}

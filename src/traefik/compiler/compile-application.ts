import { checkCredentials, type UsableCredential } from "./check-credentials";
import { type BuildableRoute, checkRoutes } from "./check-routes";
import { intendedExposure } from "./intended";
import { renderDocument } from "./render-document";
import { routesDocument } from "./routes-document";
import type { ApplicationState, CompiledApplication, Fingerprints, GatewayState } from "./state";
import { isEntryPoint, isId } from "./well-formed";

/**
 * Compiles one application's file for one gateway: routers, services and middlewares together.
 *
 * Rows that cannot be compiled quarantine the application: only unchanged rows that the gateway accepted before stay in
 * force, under the present settings, and every other route is closed. An application that is not exactly as stated is
 * never public. The same state gives the same bytes, in any order of rows.
 *
 * @param lastGood the fingerprints of the last compile that the gateway accepted, `null` if there was none
 * @throws TypeError for a gateway whose entry point has no usable name (a setting of the operator, not of a tenant)
 */
export function compileApplication(
  state: ApplicationState,
  gateway: GatewayState,
  lastGood: Fingerprints | null,
): CompiledApplication {
  if (!isEntryPoint(gateway.entryPoint)) throw new TypeError("compileApplication: not a name of an entry point");
  const intended = intendedExposure(state);
  if (!isId(state.applicationId)) return nothing(intended);

  const credentials = checkCredentials(state.credentials, state.hashAlgorithm, gateway.tagKey);
  const routes = checkRoutes(state.routes, gateway.tagKey);
  const diagnostics = [...credentials.problems, ...routes.problems];
  const stated = diagnostics.length === 0;
  const users = stated ? credentials.usable : taken(credentials.usable, lastGood?.credentials);
  const enabled = routes.buildable.filter(({ route }) => route.enabled === true);
  const kept = stated ? enabled : taken(enabled.filter(isServable), lastGood?.routes);

  const isProtected = intended === "protected" && users.length > 0;
  const isPublic = intended === "public" && stated;
  const open = isProtected || isPublic ? kept.map(({ route }) => route) : [];
  const { document, tag, twinTag, probes } = routesDocument(state, gateway, {
    open,
    closed: routes.buildable.map(({ route }) => route).filter((route) => !open.includes(route)),
    users: isProtected && open.length > 0 ? users.map(({ line }) => line) : null,
  });

  return {
    file: probes.length === 0 ? null : { name: `${state.applicationId}.yml`, text: renderDocument(document) },
    tag,
    twinTag,
    intended,
    form: stated ? "stated" : open.length > 0 ? "quarantined" : "closed",
    probes,
    diagnostics,
    fingerprints: { credentials: fingerprintsOf(users), routes: fingerprintsOf(kept) },
  };
}

/** Selects the rows that the gateway already accepted. A removed or changed row never comes back this way. */
function taken<T extends UsableCredential | BuildableRoute>(rows: readonly T[], before: readonly string[] = []): T[] {
  return rows.filter(({ fingerprint }) => before.includes(fingerprint));
}

function isServable(route: BuildableRoute): boolean {
  return route.servable;
}

function fingerprintsOf(rows: readonly { readonly fingerprint: string }[]): string[] {
  return rows.map(({ fingerprint }) => fingerprint).sort();
}

function nothing(intended: CompiledApplication["intended"]): CompiledApplication {
  return {
    file: null,
    tag: "",
    twinTag: "",
    intended,
    form: "closed",
    probes: [],
    diagnostics: [{ subject: "application", problem: "bad_id" }],
    fingerprints: { credentials: [], routes: [] },
  };
}

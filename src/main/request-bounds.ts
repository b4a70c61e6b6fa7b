import type { RequestBounds } from "../http/active-requests";
import type { ServerBounds } from "../http/server/server-bounds";
import type { Settings } from "./settings/environment";

const mebibyte = 1024 * 1024;

/** One organization, one address, or all unknown callers together get a quarter of a total limit. */
const share = 4;

/** Derives the limits on requests in progress from the settings. */
export function requestBounds(settings: Settings): RequestBounds {
  return {
    active: { total: settings.activeRequests, perOwner: settings.activeRequestsPerOrganization },
    streams: { total: settings.exports, perOwner: settings.exportsPerOrganization },
  };
}

/** Derives the limits on connections and bodies from the settings. */
export function serverBounds({ connections, bodyMebibytes }: Settings): Pick<ServerBounds, "connections" | "bodies"> {
  const known = bodyMebibytes * mebibyte;
  const strangers = known / share;
  return {
    connections: { total: connections, perOwner: Math.ceil(connections / 2) },
    bodies: {
      known: { total: known, perOwner: known / share },
      strangers: { total: strangers, perOwner: strangers / 2 },
    },
  };
}

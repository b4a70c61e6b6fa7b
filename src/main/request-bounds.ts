import type { RequestBounds } from "../http/active-requests";
import type { ServerBounds } from "../http/server/http-server";
import type { Settings } from "./settings/environment";

const mebibyte = 1024 * 1024;

/** The share of one organization, of one address, or of all strangers, in what the settings bound for everybody. */
const share = 4;

/** How many requests the API works on at once, as the settings say. */
export function requestBounds(settings: Settings): RequestBounds {
  return {
    active: { total: settings.activeRequests, perOwner: settings.activeRequestsPerOrganization },
    streams: { total: settings.exports, perOwner: settings.exportsPerOrganization },
  };
}

/** What connections and bodies may take, as the settings say. */
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

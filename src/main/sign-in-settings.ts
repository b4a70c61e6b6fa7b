import type { SignInSettings, TrustedHeader } from "../access/runtime";
import { responseFloorMs } from "../identity/sign-in/response-floor";
import type { Settings } from "./settings/environment";

const everyInterface = new Set(["0.0.0.0", "::"]);
const loopbackHosts = ["127.0.0.1", "localhost", "[::1]"];
const hour = 3_600;

/**
 * Derives the sign-in configuration from the settings.
 * @param url the public address without a trailing slash: `PORTCULLIS_PUBLIC_URL`, or derived from HOST and PORT
 * @param listening the address of the server socket: people on the host can also sign in at its loopback addresses
 */
export function signInSettings(
  settings: Settings,
  url: string,
  listening: { readonly host: string; readonly port: number },
): SignInSettings {
  const { host, port } = listening;
  const isLocal = everyInterface.has(host) || host.startsWith("127.") || host === "localhost" || host === "::1";
  return {
    publicOrigin: new URL(url).origin,
    localOrigins: isLocal ? loopbackHosts.map((name) => `http://${name}:${port}`) : [],
    sameSite: settings.cookieSameSite,
    trustedProxies: settings.trustedProxies,
    trustedHeader: trustedHeaderOf(settings),
    keyCreationsPerHour: settings.keyCreationsPerHour,
    responseFloorMs,
    lifetimes: {
      session: settings.sessionHours * hour,
      remembered: settings.sessionRememberDays * 24 * hour,
      idle: settings.sessionIdleMinutes * 60,
      idleRemembered: settings.sessionRememberIdleHours * hour,
    },
  };
}

/** Returns null (off) if no proxy is configured. */
function trustedHeaderOf(settings: Settings): TrustedHeader | null {
  const { trustedHeaderProxies: proxies } = settings;
  if (proxies.length === 0) return null;
  return {
    proxies,
    emailHeader: settings.trustedHeaderEmail,
    nameHeader: settings.trustedHeaderName,
    groupsHeader: settings.trustedHeaderGroups,
    createsPersons: settings.trustedHeaderCreates,
    groupRoles: settings.trustedHeaderGroupRoles,
  };
}

import type { SignInSettings, TrustedHeader } from "../access/runtime";
import { answerFloorMs } from "../identity/sign-in/answer-floor";
import type { Settings } from "./settings/environment";

const everyInterface = new Set(["0.0.0.0", "::"]);
const loopbackHosts = ["127.0.0.1", "localhost", "[::1]"];
const hour = 3_600;

/**
 * How people sign in, as the settings say.
 * @param url where it answers, without a slash at its end: `PORTCULLIS_PUBLIC_URL`, or what follows from HOST and PORT
 * @param listening what the socket is bound to: at a loopback address of it whoever is on the host can sign in too
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
    answerFloorMs,
    lifetimes: {
      session: settings.sessionHours * hour,
      remembered: settings.sessionRememberDays * 24 * hour,
      idle: settings.sessionIdleMinutes * 60,
      idleRemembered: settings.sessionRememberIdleHours * hour,
    },
  };
}

/** Off without a proxy that is named. */
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

import { GUARD_MIDDLEWARE, PROBE_ENTRY_POINT, VISITORS_ENTRY_POINT } from "./names";

export interface StaticSettings {
  /** `host:port` on which visitors are served. */
  readonly address: string;
  /** `host:port` on which the gateway is asked which revision is live; nobody else needs to reach it. */
  readonly probeAddress: string;
  /** The watched folder, as Traefik sees it; absolute. */
  readonly dynamicFolder: string;
}

/**
 * The text of `traefik.yml` (Traefik ≥ 3.7: encoded characters, precedence of providers).
 *
 * Entry points are closed until the guard arrives with the first configuration. Providers that are not named in
 * the precedence come after those that are. Only the visitors' entry point is a default one: a foreign router that
 * names none must not land on the other.
 * @throws TypeError for an address or folder with a control character
 */
export function compileStatic(settings: StaticSettings): string {
  return `# Generated. Start Traefik with --configFile=<this file>.
global:
  checkNewVersion: false
  sendAnonymousUsage: false
log:
  level: INFO
entryPoints:
  ${VISITORS_ENTRY_POINT}:
    address: ${scalar(settings.address)}
    asDefault: true
${CLOSED}
  ${PROBE_ENTRY_POINT}:
    address: ${scalar(settings.probeAddress)}
${CLOSED}
providers:
  providersThrottleDuration: 200ms
  precedence:
    - file
    - docker
  file:
    directory: ${scalar(settings.dynamicFolder)}
    watch: true
`;
}

const CLOSED = `    http:
      middlewares:
        - ${GUARD_MIDDLEWARE}@file
      encodedCharacters:
        allowEncodedSlash: false
        allowEncodedBackSlash: false
        allowEncodedNullCharacter: false
        allowEncodedSemicolon: false
        allowEncodedPercent: false
        allowEncodedQuestionMark: false
        allowEncodedHash: false`;

function scalar(text: string): string {
  if (/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u2551]/u.test(text)) throw new TypeError("compileStatic: control character");
  return JSON.stringify(text);
}

import { GUARD_MIDDLEWARE, PROBE_ENTRY_POINT, VISITORS_ENTRY_POINT } from "./names";

export interface StaticSettings {
  /** The `host:port` that serves visitors. */
  readonly address: string;
  /** The `host:port` that reports which revision is live. Only Portcullis needs to reach it. */
  readonly probeAddress: string;
  /** The absolute path of the watched folder, as Traefik sees it. */
  readonly dynamicFolder: string;
}

/**
 * The text of `traefik.yml` (Traefik ≥ 3.7: encoded characters, precedence of providers).
 *
 * Entry points are closed until the guard arrives with the first configuration. Providers that the precedence does not
 * list come after those that it lists. Only the visitors' entry point is a default one: a foreign router without entry
 * points must not be added to the other.
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

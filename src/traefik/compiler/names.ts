/** Response header with the tag of the compile whose chain the request entered. */
export const TAG_HEADER = "X-Portcullis-Tag";
/** Response header with the gateway's pass value, present only if the request passed the whole chain. */
export const PASS_HEADER = "X-Portcullis-Pass";
/** Response header of the marker: `<epoch>.<revision>.<digest>`. */
export const REVISION_HEADER = "X-Portcullis-Revision";

/** The last middleware of every open chain, one for the whole gateway. */
export const PASS_MIDDLEWARE = "portcullis-pass";
/** The middleware that every entry point requires. Without it, Traefik builds no router of the entry point. */
export const GUARD_MIDDLEWARE = "guard";

/** Name of the visitors' entry point in generated gateways. */
export const VISITORS_ENTRY_POINT = "web";
/** Name of the entry point that reports which revision is live. */
export const PROBE_ENTRY_POINT = "portcullis";

/** The folder inside the watched folder that Traefik reads and does not watch. */
export const APPLICATIONS_FOLDER = "0-portcullis";
/** Sorts before `APPLICATIONS_FOLDER`: Traefik must read the marker first. */
export const MARKER_FILE = "0-a-marker.yml";
/** In `APPLICATIONS_FOLDER`. */
export const SHARED_FILE = "0-shared.yml";

/**
 * Traefik's own service that answers 418 and keeps the headers of middlewares. Everything closed leads to it, as a
 * second protection behind the middleware that answers 403.
 */
export const NOOP_SERVICE = "noop@internal";

import type { RefusalReason } from "./verdict";

/**
 * Stops reading a file that Traefik would refuse.
 *
 * `where` is a path of schema names (`http.routers.*.rule`), never a name or a value from the file.
 */
export class RefusedByTraefik extends Error {
  constructor(
    readonly reason: RefusalReason,
    readonly where: string = "",
  ) {
    super(reason);
  }
}

import type { RefusalReason } from "./verdict";

/**
 * Ends the reading of a file that Traefik would refuse.
 *
 * `where` is a path of schema words (`http.routers.*.rule`), never a name or a value of the file.
 */
export class Refused extends Error {
  constructor(
    readonly reason: RefusalReason,
    readonly where: string = "",
  ) {
    super(reason);
  }
}

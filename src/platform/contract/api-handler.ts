/** Facts about a request that the request itself does not contain. */
export interface RequestInfo {
  /** The address of the peer; null if it is unknown. */
  readonly ip: string | null;
}

/** The handler of `/api/`, `/healthz` and `/readyz`. */
export type ApiHandler = (request: Request, info: RequestInfo) => Promise<Response>;

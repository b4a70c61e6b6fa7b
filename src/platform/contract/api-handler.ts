/** What is known of a request beside what it says itself. */
export interface RequestInfo {
  /** The peer's address; null where it is not known. */
  readonly ip: string | null;
}

/** What answers `/api/`, `/healthz` and `/readyz`. */
export type ApiHandler = (request: Request, info: RequestInfo) => Promise<Response>;

/** What is known of a request beside what it says itself. */
export interface RequestInfo {
  /** The peer's address; null where it is not known. */
  readonly ip: string | null;
}

/** What answers `/api/`, `/healthz` and `/readyz`. */
export type ApiHandler = (request: Request, info: RequestInfo) => Promise<Response>;

const place = Symbol.for("portcullis.handler");

interface Registry {
  [place]?: ApiHandler;
}

/** Lends the process's one handler to Next's routes, which are bundled apart and share only the global object. */
export function registerHandler(handler: ApiHandler): void {
  (globalThis as Registry)[place] = handler;
}

/** The process's handler, or undefined where Next was started by itself. */
export function registeredHandler(): ApiHandler | undefined {
  return (globalThis as Registry)[place];
}

/** The sender of a request, as the socket shows it. */
export interface SocketPeer {
  /** The address of the peer; null if it is unknown. */
  readonly ip: string | null;
}

/** The handler of `/api/`, `/healthz` and `/readyz`. */
export type ApiHandler = (request: Request, info: SocketPeer) => Promise<Response>;

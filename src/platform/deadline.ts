import type { ClientRequest } from "node:http";

/** An external system did not respond in time, or closed the connection without a response. */
export class NoResponse extends Error {
  override readonly name: string = "NoResponse";
}

/** An external system did not respond in time. */
export class TooLate extends NoResponse {
  override readonly name = "TooLate";
}

/**
 * Adds a timeout to work that has none. After the timeout the work continues, but its result is ignored.
 * @throws TooLate
 */
export function within<T>(milliseconds: number, what: string, work: () => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = setTimeout(() => reject(new TooLate(`${what} took too long`)), milliseconds);
    work()
      .then(resolve, reject)
      .finally(() => clearTimeout(late));
  });
}

/**
 * Sets one deadline for an outgoing HTTP request, from the first packet to the last byte of the response: connecting,
 * TLS, informational responses (1xx), headers and body. It also fails two cases that Node leaves unsettled: a response
 * that changes the protocol (101), and a connection that ends without a response.
 * @param fail called with the first failure, and possibly with later ones
 * @returns a function to call when the response is complete
 */
export function deadlineAround(
  request: ClientRequest,
  milliseconds: number,
  fail: (error: NodeJS.ErrnoException) => void,
): () => void {
  const late = setTimeout(() => end(new TooLate("no response in time: it took too long")), milliseconds);
  const end = (error: Error) => {
    clearTimeout(late);
    fail(error);
    request.destroy(error);
  };
  request.on("error", end);
  request.on("timeout", () => end(new TooLate("no response in time: it took too long")));
  request.on("upgrade", (_response, socket) => {
    socket.destroy();
    end(new NoResponse("the response changes the protocol (101) without a request to do so"));
  });
  let hasResponse = false; // a truncated body is an error of the response
  request.on("response", () => {
    hasResponse = true;
  });
  request.on("close", () => hasResponse || end(new NoResponse("the connection was closed without a response")));
  return () => clearTimeout(late);
}

import type { ClientRequest } from "node:http";

/** Something outside did not answer in time, or ended without an answer. */
export class NoAnswer extends Error {
  override readonly name: string = "NoAnswer";
}

/** Something outside did not answer in time. */
export class TooLate extends NoAnswer {
  override readonly name = "TooLate";
}

/**
 * Waits for work that has no deadline of its own, at most so long. The work itself goes on; what it comes to then is
 * dropped.
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
 * Puts one deadline around an outgoing HTTP request, from the first packet to the last byte of the answer: connecting,
 * TLS, informational answers (1xx), headers and body. It also fails what Node leaves unsettled: an answer that changes the
 * protocol (101), and a connection that ends without an answer.
 * @param fail called with the first failure, and perhaps with later ones
 * @returns to be called when the answer is complete
 */
export function deadlineAround(
  request: ClientRequest,
  milliseconds: number,
  fail: (error: NodeJS.ErrnoException) => void,
): () => void {
  const late = setTimeout(() => end(new TooLate("no answer in time: it took too long")), milliseconds);
  const end = (error: Error) => {
    clearTimeout(late);
    fail(error);
    request.destroy(error);
  };
  request.on("error", end);
  request.on("timeout", () => end(new TooLate("no answer in time: it took too long")));
  request.on("upgrade", (_response, socket) => {
    socket.destroy();
    end(new NoAnswer("the answer changes the protocol (101), which nobody asked for"));
  });
  let isAnswered = false; // a body that breaks off is an error of the response
  request.on("response", () => {
    isAnswered = true;
  });
  request.on("close", () => isAnswered || end(new NoAnswer("the connection was closed without an answer")));
  return () => clearTimeout(late);
}

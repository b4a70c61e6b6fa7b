import { Refusal } from "../../../../platform/errors/refusal";

/**
 * The server in front of Next answers `/api/` itself and passes none of it on. A request that reaches Next's router all
 * the same came in a spelling that the server did not recognize, without an address to count and to log: it gets nothing.
 */
function refuse(): Response {
  const { reason, status, message } = new Refusal("api_not_here");
  return Response.json({ error: { message, data: { httpStatus: status, reason } } }, { status });
}

export { refuse as GET, refuse as POST };

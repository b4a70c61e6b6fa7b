import { Refusal } from "../../../../platform/errors/refusal";

/**
 * The server in front of Next answers `/api/` itself and passes none of it on. If a request still reaches Next's
 * router, its path has a spelling that the server did not recognize, and it has no address for limits and logs. It is
 * refused.
 */
function refuse(): Response {
  const { reason, status, message } = new Refusal("api_not_here");
  return Response.json({ error: { message, data: { httpStatus: status, reason } } }, { status });
}

export { refuse as GET, refuse as POST };

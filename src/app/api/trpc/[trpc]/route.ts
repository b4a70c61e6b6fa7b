/**
 * The server in front of Next answers `/api/` itself and passes none of it on. A request that reaches Next's router all
 * the same came in a spelling that the server did not recognize, without an address to count and to log: it gets nothing.
 */
function refuse(): Response {
  const message = "The API is not part of Next. Start Portcullis with `npm start`, and call /api/trpc/<procedure>.";
  return Response.json({ error: { message, data: { httpStatus: 503, reason: "api_not_here" } } }, { status: 503 });
}

export { refuse as GET, refuse as POST };

/**
 * The server in front of Next answers `/api/` itself and passes none of it on. If a request still reaches Next's
 * router, its path has a spelling that the server did not recognize, and it has no address for limits and logs. It is
 * refused.
 */
function refuse(): Response {
  const message = "The API is not part of Next. Start Portcullis with `npm start`, and call /api/trpc/<procedure>.";
  return new Response(`${message}\n`, { status: 503, headers: { "content-type": "text/plain" } });
}

export { refuse as GET, refuse as POST };

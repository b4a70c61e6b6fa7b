/**
 * The server in front of Next answers `/api/` itself and passes none of it on. A request that reaches Next's router all
 * the same came in a spelling that the server did not recognize, without an address to count and to log: it gets nothing.
 */
function refuse(): Response {
  const message = "The API is not part of Next. Start Portcullis with `npm start`, and call /api/trpc/<procedure>.";
  return new Response(`${message}\n`, { status: 503, headers: { "content-type": "text/plain" } });
}

export { refuse as GET, refuse as POST };

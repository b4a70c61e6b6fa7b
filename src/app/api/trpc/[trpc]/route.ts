import { registeredHandler } from "../../../../contracts/handler-registration";

/**
 * The server answers `/api/` before Next sees it. A request that reaches Next all the same gets the very handler that
 * the server registered: there is no second one.
 */
function answer(request: Request): Promise<Response> | Response {
  const handler = registeredHandler();
  return handler
    ? handler(request, { ip: null })
    : Response.json({ message: "Start this with `npm start`: the API is not part of Next." }, { status: 503 });
}

export { answer as GET, answer as POST };

import { beforeEach, expect, test } from "vitest";
import { GET, POST } from "../../src/app/api/trpc/[trpc]/route";
import { registerHandler } from "../../src/contracts/handler-registration";

beforeEach(() => {
  // Other test files of this worker may have registered one: modules and globals are shared.
  Reflect.deleteProperty(globalThis, Symbol.for("portcullis.handler"));
});

test("Next's route answers by the very handler that the server registered", async () => {
  const asked: Request[] = [];
  registerHandler(async (request, { ip }) => {
    asked.push(request);
    return Response.json({ ip });
  });
  const request = new Request("http://portcullis.invalid/api/trpc/security.one", { method: "POST", body: "{}" });
  expect(await (await POST(request)).json()).toEqual({ ip: null });
  expect(asked).toEqual([request]);
});

test("Next by itself has no API, and says so", async () => {
  const answer = await GET(new Request("http://portcullis.invalid/api/trpc/security.one"));
  expect(answer.status).toBe(503);
});

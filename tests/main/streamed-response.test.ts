import pino from "pino";
import { afterEach, expect, test } from "vitest";
import { type HttpServer, listen } from "#src/http/server/http-server";
import { handlerWith } from "../support/planted-api";

let server: HttpServer;
afterEach(() => server.close(0));

const log = pino({ level: "silent" });

async function serve(body: ReadableStream<Uint8Array>): Promise<string> {
  server = await listen({ host: "127.0.0.1", port: 0, log });
  const headers = { "content-type": "text/csv", "content-disposition": 'attachment; filename="a.csv"' };
  const handler = handlerWith(async () => new Response(body, { headers }));
  server.serve({ handler, pages: (_request, response) => response.end() });
  return `http://127.0.0.1:${server.port}/api/audit/export`;
}

test("a streamed response is sent while it is produced, at the pace of its reader (AUD)", async () => {
  let pulled = 0;
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const url = await serve(
    new ReadableStream(
      {
        async pull(controller) {
          pulled++;
          if (pulled === 2) await held;
          if (pulled === 3) controller.close();
          else controller.enqueue(new TextEncoder().encode(`line ${pulled}\n`));
        },
      },
      { highWaterMark: 0 },
    ),
  );
  const reader = (await fetch(url)).body?.getReader();
  const first = await reader?.read();
  expect(new TextDecoder().decode(first?.value)).toBe("line 1\n"); // the second line is not produced yet
  release();
  expect(new TextDecoder().decode((await reader?.read())?.value)).toBe("line 2\n");
  expect((await reader?.read())?.done).toBe(true);
});

test("a streamed response that fails in the middle is an error for its reader", async () => {
  let pulled = 0;
  const url = await serve(
    new ReadableStream({
      pull(controller) {
        if (pulled++ > 0) controller.error(new Error("revoked"));
        else controller.enqueue(new TextEncoder().encode("line 1\n"));
      },
    }),
  );
  await expect(fetch(url).then((response) => response.text())).rejects.toThrow();
});

import { request as requestByHttp } from "node:http";
import { request as requestByHttps } from "node:https";
import { deadlineAround } from "../../platform/deadline";
import type { Resolver } from "../../platform/values";
import type { Provider } from "./provider";
import { mostMs, requestOptions } from "./reachable";

/** A request to a provider. */
interface ProviderRequest {
  readonly method?: "GET" | "POST";
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

/** The complete response of a provider. */
export interface ProviderResponse {
  readonly status: number;
  readonly body: Buffer;
}

/**
 * Sends one request to a provider, at an address within its reach and within the limits of time and size. Does not
 * follow redirects.
 * @throws AddressRefused
 * @throws NoAnswer
 */
export async function askProvider(
  url: string,
  { method = "GET", headers, body }: ProviderRequest,
  { reach }: Pick<Provider, "reach">,
  resolver: Resolver,
): Promise<ProviderResponse> {
  const options = {
    ...requestOptions(url, reach, resolver),
    method,
    headers: { ...headers, "accept-encoding": "identity" }, // the body is read as it arrives
  };
  return new Promise((resolve, reject) => {
    const send = url.startsWith("https:") ? requestByHttps : requestByHttp;
    const request = send(url, options, (response) => {
      const parts: Buffer[] = [];
      response.on("data", (part: Buffer) => parts.push(part));
      response.on("error", reject);
      response.on("end", () => {
        answered();
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) });
      });
    });
    const answered = deadlineAround(request, mostMs, reject);
    request.end(body);
  });
}

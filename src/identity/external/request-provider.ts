import { request as requestByHttp } from "node:http";
import { request as requestByHttps } from "node:https";
import { deadlineAround } from "#src/platform/deadline";
import type { Resolver } from "#src/platform/values";
import { mostMs, requestOptions } from "./allowed-addresses";
import type { OidcProvider } from "./provider";

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
 * @throws NoResponse
 */
export async function requestProvider(
  url: string,
  { method = "GET", headers, body }: ProviderRequest,
  { allowedAddresses }: Pick<OidcProvider, "allowedAddresses">,
  resolver: Resolver,
): Promise<ProviderResponse> {
  const options = {
    ...requestOptions(url, allowedAddresses, resolver),
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
        endDeadline();
        resolve({ status: response.statusCode ?? 0, body: Buffer.concat(parts) });
      });
    });
    const endDeadline = deadlineAround(request, mostMs, reject);
    request.end(body);
  });
}

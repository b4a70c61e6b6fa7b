import { duration, flag, int, numbers, object, orEmpty, pairs, plugins, text, texts } from "./shape";

/** The HTTP middlewares of Traefik 3.7.9, as its file provider reads them. */

const ipStrategy = object({ depth: int, excludedIPs: texts, ipv6Subnet: int });
const sourceCriterion = object({ ipStrategy, requestHeaderName: text, requestHost: flag });
const clientTls = { ca: text, cert: text, key: text, insecureSkipVerify: flag };
const auth = { users: texts, usersFile: text, realm: text, removeHeader: flag, headerField: text };
const distinguishedName = {
  country: flag,
  province: flag,
  locality: flag,
  organization: flag,
  commonName: flag,
  serialNumber: flag,
  domainComponent: flag,
};

const headers = object({
  customRequestHeaders: pairs,
  customResponseHeaders: pairs,
  accessControlAllowCredentials: flag,
  accessControlAllowHeaders: texts,
  accessControlAllowMethods: texts,
  accessControlAllowOriginList: texts,
  accessControlAllowOriginListRegex: texts,
  accessControlExposeHeaders: texts,
  accessControlMaxAge: int,
  addVaryHeader: flag,
  allowedHosts: texts,
  hostsProxyHeaders: texts,
  sslProxyHeaders: pairs,
  stsSeconds: int,
  stsIncludeSubdomains: flag,
  stsPreload: flag,
  forceSTSHeader: flag,
  frameDeny: flag,
  customFrameOptionsValue: text,
  contentTypeNosniff: flag,
  browserXssFilter: flag,
  customBrowserXSSValue: text,
  contentSecurityPolicy: text,
  contentSecurityPolicyReportOnly: text,
  publicKey: text,
  referrerPolicy: text,
  permissionsPolicy: text,
  isDevelopment: flag,
  featurePolicy: text,
  sslRedirect: flag,
  sslTemporaryRedirect: flag,
  sslHost: text,
  sslForceHost: flag,
});

const rateLimit = object({
  average: int,
  period: duration,
  burst: int,
  sourceCriterion,
  redis: object({
    endpoints: texts,
    tls: object(clientTls),
    username: text,
    password: text,
    db: int,
    poolSize: int,
    minIdleConns: int,
    maxActiveConns: int,
    readTimeout: duration,
    writeTimeout: duration,
    dialTimeout: duration,
  }),
});

const forwardAuth = object({
  address: text,
  tls: object({ ...clientTls, caOptional: flag }),
  trustForwardHeader: flag,
  authResponseHeaders: texts,
  authResponseHeadersRegex: text,
  authRequestHeaders: texts,
  maxResponseBodySize: int,
  addAuthCookiesToResponse: texts,
  headerField: text,
  forwardBody: flag,
  maxBodySize: int,
  preserveLocationHeader: flag,
  preserveRequestMethod: flag,
  authSigninURL: text,
});

const buffering = object(
  {
    maxRequestBodyBytes: int,
    memRequestBodyBytes: int,
    maxResponseBodyBytes: int,
    memResponseBodyBytes: int,
    retryExpression: text,
  },
  { disableRequestBuffer: flag, disableResponseBuffer: flag },
);

const passTlsClientCert = object({
  pem: flag,
  info: object({
    notAfter: flag,
    notBefore: flag,
    sans: flag,
    serialNumber: flag,
    subject: object({ ...distinguishedName, organizationalUnit: flag }),
    issuer: object(distinguishedName),
  }),
});

/** Only other providers set these. In a file they have no effect. */
const ofOtherProviders = {
  requestHeaderModifier: object({ set: pairs, add: pairs, remove: texts }),
  responseHeaderModifier: object({ set: pairs, add: pairs, remove: texts }),
  requestRedirect: object({ scheme: text, hostname: text, port: text, path: text, pathPrefix: text, statusCode: int }),
  urlRewrite: object({ hostname: text, path: text, pathPrefix: text }),
  authTLSPassCertificateToUpstream: object({ clientAuthType: text, caFiles: texts }),
  snippet: object({
    serverSnippet: text,
    configurationSnippet: text,
    auth: object({ address: text, method: text, snippet: text, authResponseHeaders: texts, authSigninURL: text }),
  }),
  rewriteTarget: object({ regex: text, replacement: text, xForwardedPrefix: text }),
  upstreamVHost: object({ vHost: text, vars: pairs }),
  appRoot: object({ path: text }),
};

export const encodedCharacters = object({
  allowEncodedSlash: flag,
  allowEncodedBackSlash: flag,
  allowEncodedNullCharacter: flag,
  allowEncodedSemicolon: flag,
  allowEncodedPercent: flag,
  allowEncodedQuestionMark: flag,
  allowEncodedHash: flag,
});

export const httpMiddleware = object(
  {
    addPrefix: object({ prefix: text }),
    stripPrefix: object({ prefixes: texts, forceSlash: flag }),
    stripPrefixRegex: object({ regex: texts }),
    replacePath: object({ path: text }),
    replacePathRegex: object({ regex: text, replacement: text }),
    chain: object({ middlewares: texts }),
    ipWhiteList: object({ sourceRange: texts, ipStrategy: orEmpty(ipStrategy) }),
    ipAllowList: object({ sourceRange: texts, ipStrategy: orEmpty(ipStrategy), rejectStatusCode: int }),
    headers,
    encodedCharacters,
    errors: object(
      { status: texts, statusRewrites: numbers, service: text, query: text, errorRequestHeaders: texts },
      { nginxHeaders: text },
    ),
    rateLimit,
    redirectRegex: object({ regex: text, replacement: text, permanent: flag }, { statusCode: int }),
    redirectScheme: object({ scheme: text, port: text, permanent: flag }, { forcePermanentRedirect: flag }),
    basicAuth: object(auth),
    digestAuth: object(auth),
    forwardAuth,
    inFlightReq: object({ amount: int, sourceCriterion }),
    buffering,
    circuitBreaker: object({
      expression: text,
      checkPeriod: duration,
      fallbackDuration: duration,
      recoveryDuration: duration,
      responseCode: int,
    }),
    compress: orEmpty(
      object({
        excludedContentTypes: texts,
        includedContentTypes: texts,
        minResponseBodyBytes: int,
        encodings: texts,
        defaultEncoding: text,
      }),
    ),
    passTLSClientCert: passTlsClientCert,
    retry: object({
      attempts: int,
      timeout: duration,
      initialInterval: duration,
      maxRequestBodyBytes: int,
      status: texts,
      disableRetryOnNetworkError: flag,
      retryNonIdempotentMethod: flag,
    }),
    contentType: orEmpty(object({ autoDetect: flag })),
    grpcWeb: object({ allowOrigins: texts }),
    plugin: plugins,
  },
  ofOtherProviders,
);

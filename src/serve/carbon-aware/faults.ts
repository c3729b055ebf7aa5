/** What a request is answered with that cannot be served, in the shapes of that SDK and of the framework under it. */
export interface ProblemDetails {
  readonly type?: string;
  readonly title: string;
  readonly status: number;
  readonly detail?: string;
  readonly errors: Readonly<Record<string, readonly string[]>>;
}

export type FieldErrors = Readonly<Record<string, readonly string[]>>;

/** A request that ends with a problem instead of data. */
export class RequestFault extends Error {
  readonly problem: ProblemDetails;
  constructor(problem: ProblemDetails) {
    super(problem.detail ?? problem.title);
    this.name = "RequestFault";
    this.problem = problem;
  }
}

/** What the SDK itself finds wrong: `title` is the name of the exception that it throws. */
const thrown = (title: string, status: number, detail: string, errors: FieldErrors = {}): RequestFault =>
  new RequestFault({ title, status, detail, errors });

/** {"title":"ArgumentException","status":400,"detail":"Invalid parameters","errors":{"location":["location is not set"]}} */
export const invalidParameters = (errors: FieldErrors): RequestFault =>
  thrown("ArgumentException", 400, "Invalid parameters", errors);

export const invalidArgument = (detail: string, errors: FieldErrors = {}): RequestFault =>
  thrown("ArgumentException", 400, detail, errors);

/** Data that do not suffice for what was asked. */
export const invalidOperation = (detail: string): RequestFault =>
  thrown("InvalidOperationException", 400, detail);

export const notImplemented = (detail: string): RequestFault =>
  thrown("NotImplementedException", 501, detail);

/** What the framework says of values that it cannot read, before the SDK sees them. */
export const bindingFault = (errors: FieldErrors): RequestFault =>
  new RequestFault({
    type: "https://tools.ietf.org/html/rfc7231#section-6.5.1",
    title: "One or more validation errors occurred.",
    status: 400,
    errors,
  });

export const unsupportedMediaType = (): RequestFault =>
  new RequestFault({
    type: "https://tools.ietf.org/html/rfc7231#section-6.5.13",
    title: "Unsupported Media Type",
    status: 415,
    errors: {},
  });

/** Everything that is no fault of the request. What it was stands in the log, not in the answer. */
export const INTERNAL_ERROR: ProblemDetails = { title: "InternalServerError", status: 500, errors: {} };

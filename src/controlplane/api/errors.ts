/** HTTP status of each error App Mesh models, and of the few its front end answers before an operation is known. */
const STATUS = {
  BadRequestException: 400,
  LimitExceededException: 400,
  TooManyTagsException: 400,
  NotFoundException: 404,
  UnknownOperationException: 404,
  ConflictException: 409,
  ResourceInUseException: 409,
  RequestEntityTooLargeException: 413,
  UnsupportedMediaTypeException: 415,
  InternalServerErrorException: 500,
} as const;

export type ErrorCode = keyof typeof STATUS;

/** An error an operation answers. Its name is what the client sees as the error's type. */
export class ApiError extends Error {
  override readonly name: ErrorCode;
  readonly status: number;
  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = code;
    this.status = STATUS[code];
  }
}

export const badRequest = (message: string, options?: ErrorOptions): ApiError => new ApiError('BadRequestException', message, options);

/** What a rule finds wrong with a request: the field's path, its value where it helps, and the rule. */
export function refuseUnless(holds: boolean, message: string): asserts holds {
  if (!holds) throw badRequest(message);
}

"""A gateway's check before a gRPC server: no call without the token."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import grpc


@dataclass
class TokenGuard(grpc.ServerInterceptor):  # type: ignore[misc]  # untyped
    """Lets calls with the header through, and notes the names of all calls."""

    name: str
    value: str
    admitted: set[str] = field(default_factory=set)
    refused: set[str] = field(default_factory=set)
    only: str = ""
    """The one call that is refused whatever it carries; nothing: none."""

    def intercept_service(self, continuation: Callable[[Any], Any], details: Any) -> Any:
        call = details.method.rpartition("/")[2]
        sent = [value for name, value in details.invocation_metadata if name == self.name]
        if sent == [self.value] and call != self.only:
            self.admitted.add(call)
            return continuation(details)
        self.refused.add(call)

        def refuse(request: Any, context: Any) -> None:
            said = f"no entry with '{''.join(map(str, sent))}'"
            context.abort(grpc.StatusCode.UNAUTHENTICATED, said)

        handler = continuation(details)
        return grpc.unary_unary_rpc_method_handler(
            refuse, handler.request_deserializer, handler.response_serializer
        )

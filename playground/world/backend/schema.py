"""The GraphQL schema of the simulated backend, of the present release and of one before, and queries carried out."""

from functools import cache
from typing import Any

from graphql import GraphQLSchema, build_schema, graphql_sync, parse
from graphql.language.ast import FieldNode
from graphql.language.visitor import Visitor, visit

SDL = '''"""What VolatiCloud offers its dashboard."""
type Query {
  bots(owner: ID, mode: BotMode): [Bot!]!
  bot(id: ID!): Bot
  strategies: [Strategy!]!
  alerts: [Alert!]!
}

type Bot {
  id: ID!
  name: String!
  mode: BotMode!
  leverage: Float!
  strategy: Strategy!
}

type Strategy {
  id: ID!
  name: String!
  bots: [Bot!]!
}

type Alert {
  id: ID!
  message: String!
}

enum BotMode {
  DRY_RUN
  LIVE
}
'''
#: What the release before did not have.
_NEW = ("  leverage: Float!\n", "  alerts: [Alert!]!\n", "type Alert {\n  id: ID!\n  message: String!\n}\n\n")


@cache
def schema(*, older: bool = False) -> GraphQLSchema:
    """The schema of the release that runs."""
    text = SDL
    for part in _NEW if older else ():
        text = text.replace(part, "")
    return build_schema(text)


def answer(query: str, *, older: bool = False) -> dict[str, Any]:
    """A query carried out, as the document of an answer: nothing is stored here, so every list is empty."""
    done = graphql_sync(schema(older=older), query, root_value={"bots": [], "strategies": [], "alerts": []})
    formatted = done.formatted
    return {key: formatted[key] for key in ("errors", "data") if key in formatted}


def asks_for_schema(query: str) -> bool:
    """Whether a query is introspection; `__typename` is none."""

    class Asked(Visitor):
        found = False

        def enter_field(self, node: FieldNode, *_: object) -> None:
            Asked.found = Asked.found or node.name.value in {"__schema", "__type"}

    visit(parse(query), Asked())
    return Asked.found

"""Registered things as Prefect's block documents."""

import builtins
from datetime import UTC, datetime
from functools import cached_property
from http import HTTPStatus
from typing import Any, TypeVar
from uuid import UUID

from prefect.blocks.core import Block
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.actions import BlockDocumentCreate, BlockDocumentUpdate
from prefect.client.schemas.objects import BlockDocument
from prefect.exceptions import ObjectAlreadyExists, ObjectNotFound, PrefectHTTPStatusError
from pydantic import ValidationError

from blocks.errors import AlreadyRegistered, UnreadableBlock
from blocks.names import block_name
from blocks.problems import problems_in
from blocks.result_storage import forget_storage, save_storage
from blocks.secrets import PrefectSecrets
from blocks.specs import Datastore, Spec
from blocks.store import Dates, not_registered
from blocks.types import BLOCKS

S = TypeVar("S", bound=Spec)
PAGE = 200


class PrefectStore:
    """A Store in the Prefect server that PREFECT_API_URL or the active profile names.

    Beside each datastore it keeps the block through which results are kept in it.
    """

    secrets = PrefectSecrets()

    @cached_property
    def _client(self) -> SyncPrefectClient:
        return get_client(sync_client=True)

    def get(self, kind: type[S], *name: str) -> S:
        return _spec(kind, self._document(kind, name))

    def put(self, spec: Spec) -> None:
        new = self._new_document(spec)
        try:
            self._client.create_block_document(new)
        except ObjectAlreadyExists:
            changed = BlockDocumentUpdate(block_schema_id=new.block_schema_id, data=new.data, merge_existing_data=False)
            self._client.update_block_document(self._document(type(spec), spec.key).id, changed)
        if isinstance(spec, Datastore):
            save_storage(spec)

    def add(self, spec: Spec) -> None:
        try:
            self._client.create_block_document(self._new_document(spec))
        except ObjectAlreadyExists:
            raise AlreadyRegistered(spec.word, spec.key) from None

    def dates(self, kind: type[Spec], *name: str) -> Dates:
        document = self._document(kind, name)
        created = document.created or datetime.fromtimestamp(0, UTC)
        return Dates(created, document.updated or created)

    def delete(self, kind: type[Spec], *name: str) -> None:
        if kind is Datastore:
            forget_storage(*name)
        self._client.delete_block_document(self._document(kind, name).id)

    def list(self, kind: type[S]) -> builtins.list[S]:
        documents = self._documents(BLOCKS[kind].get_block_type_slug())
        return [_spec(kind, document) for document in sorted(documents, key=_age)]

    def _documents(self, slug: str) -> builtins.list[BlockDocument]:
        found: builtins.list[BlockDocument] = []
        while True:
            try:
                page = self._client.read_block_documents_by_type(slug, offset=len(found), limit=PAGE)
            except PrefectHTTPStatusError as error:
                if error.response.status_code == HTTPStatus.NOT_FOUND:
                    return []  # nothing of this kind was ever registered
                raise
            found += page
            if len(page) < PAGE:
                return found

    def _document(self, kind: type[Spec], name: tuple[str, ...]) -> BlockDocument:
        slug = BLOCKS[kind].get_block_type_slug()
        try:
            return self._client.read_block_document_by_name(block_name(*name), slug)
        except ObjectNotFound:
            raise not_registered(self, kind, name) from None

    def _new_document(self, spec: Spec) -> BlockDocumentCreate:
        type_id, schema_id = self._registered(BLOCKS[type(spec)])
        data = {"spec": spec.model_dump(mode="json")}
        return BlockDocumentCreate(
            name=block_name(*spec.key), data=data, block_schema_id=schema_id, block_type_id=type_id
        )

    def _registered(self, block: type[Block]) -> tuple[UUID, UUID]:
        """The ids of a block's type and schema; the first to be missed makes all the block types known."""
        try:
            return self._ids(block)
        except ObjectNotFound:
            for each in BLOCKS.values():
                _register(each)
            return self._ids(block)

    def _ids(self, block: type[Block]) -> tuple[UUID, UUID]:
        schema = self._client.read_block_schema_by_checksum(
            block._calculate_schema_checksum(), version=block.get_block_schema_version()
        )
        if schema.block_type_id is None:
            raise ObjectNotFound(LookupError(f"block schema {schema.id} has no block type"))
        return schema.block_type_id, schema.id


def _register(block: type[Block]) -> None:
    try:
        block.register_type_and_schema()
    except ObjectAlreadyExists:
        # Somebody else registered it between the look and the write; now it is found.
        block.register_type_and_schema()


def _spec(kind: type[S], document: BlockDocument) -> S:
    data: Any = document.data.get("spec")
    try:
        return kind.model_validate(data)
    except ValidationError as error:
        problems = tuple(problem.sentence for problem in problems_in(kind, error))
        raise UnreadableBlock(f"{BLOCKS[kind].get_block_type_slug()}/{document.name}", problems) from error


def _age(document: BlockDocument) -> tuple[float, str]:
    return (document.created.timestamp() if document.created else 0.0, document.name or "")

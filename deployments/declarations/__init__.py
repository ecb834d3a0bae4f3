"""From YAML and command-line overrides to the specs of what is registered."""

from deployments.declarations.declare import Declared, declare
from deployments.declarations.document import Document, document_of, read
from deployments.declarations.errors import DeclarationError
from deployments.declarations.invocations import put_named

__all__ = ["DeclarationError", "Declared", "Document", "declare", "document_of", "put_named", "read"]

"""Who may send an upload's bytes: the key, or the signed upload_id that it was given, judged before a byte is read."""

from __future__ import annotations

from accounts.authentication.admission import KeyAdmission
from accounts.authentication.drf import GoogleKeyAuthentication
from accounts.authentication.principal import principal_of_prefix
from accounts.models import ApiKey, Scope
from cavendish.db.tenancy import tenant_context
from cavendish.http.admission import Caller, RequestHead, Unread
from cavendish.http.problems import unauthorized
from generations.compat.gemini.files.upload_ids import UploadId


class UploadAdmission(KeyAdmission):
    """Admits as the key does; with `upload_id` as long as the key that started the upload might start it now."""

    def __init__(self) -> None:
        super().__init__(GoogleKeyAuthentication, required=True)

    def known(self, head: RequestHead) -> Caller | Unread:
        if "upload_id" not in head.query_params:
            return super().known(head)
        UploadId.parse(str(head.query_params["upload_id"]))
        return Unread(new=False)

    def read(self, head: RequestHead) -> Caller:
        if "upload_id" not in head.query_params:
            return super().read(head)
        upload_id = UploadId.parse(str(head.query_params["upload_id"]))
        check_key(upload_id, head.address)
        return Caller(str(upload_id.tenant_id), str(upload_id.key_id))


def check_key(upload_id: UploadId, address: str) -> None:
    """Raises Problem 401 where the key of the upload has ended, lost its scope, or is not used from this address."""
    with tenant_context(upload_id.tenant_id):
        prefix = ApiKey.objects.filter(id=upload_id.key_id).values_list("prefix", flat=True).first()
    principal = principal_of_prefix(prefix) if prefix else None
    if principal is None or Scope.FILES not in principal.scopes or not principal.may_come_from(address):
        raise unauthorized("The key that started this upload is no longer valid, or not from this address.")

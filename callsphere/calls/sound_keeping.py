"""The sound of voice messages as it is kept: encrypted, in a table of its own.

Call these inside the tenant's context.
"""

from __future__ import annotations

import base64
import uuid

from callsphere.calls.models import VoiceMessage, VoiceSound
from callsphere.lib.crypto import decrypt, encrypt, new_key
from tenants.keys import reveal, seal_for
from tenants.models import Tenant

CONTENT_TYPE = "audio/wav"


def keep_sound(message: VoiceMessage, data: bytes) -> None:
    """Keep the sound of a message. One that is kept already stays as it is."""
    row, key = VoiceSound(tenant_id=message.tenant_id, message=message, length=len(data)), new_key()
    row.key = seal_for(row, "key", base64.b64encode(key).decode())
    row.content = encrypt(key, data, _place(row))
    VoiceSound.objects.bulk_create([row], ignore_conflicts=True)


def sound_of(tenant: Tenant, message_id: uuid.UUID) -> bytes | None:
    """Return how a message sounds, a WAV file; None where it is not kept. Raises SecretUnreadable."""
    row: VoiceSound | None = VoiceSound.objects.filter(tenant=tenant, message=message_id).first()
    if row is None:
        return None
    return decrypt(base64.b64decode(reveal(row, "key")), bytes(row.content), _place(row))


def _place(row: VoiceSound) -> str:
    return f"{VoiceSound._meta.db_table}|content|{row.tenant_id}|{row.pk}"

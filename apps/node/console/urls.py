"""The console's addresses, one screen."""

from django.urls import path, register_converter

from apps.node.console.views import (
    api,
    approving,
    arrival,
    capsules,
    cards,
    contracts,
    custody,
    datasets,
    governance,
    health,
    home,
    passkeys,
    people,
    results,
    signing,
    uploads,
)

app_name = "node"
ID = r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"


class IdConverter:
    """A UUID as documents write it."""

    regex = ID

    def to_python(self, value: str) -> str:
        return value

    def to_url(self, value: str) -> str:
        return str(value)


class DigestConverter(IdConverter):
    """A document's digest, its algorithm in front; links may leave that out."""

    regex = r"(?:sm3:)?[0-9a-f]{64}"


register_converter(IdConverter, "id")
register_converter(DigestConverter, "digest")


urlpatterns = [
    path("", home.home, name="home"),
    path("arrive/", arrival.arrive, name="arrive"),
    path("arrive/done/", arrival.arrived, name="arrived"),
    path("factor/", arrival.factor, name="factor"),
    path("leave/", arrival.leave, name="leave"),
    path("datasets/", datasets.listing, name="datasets"),
    path("datasets/upload/", datasets.upload, name="upload-new"),
    path("datasets/walk-in/", datasets.walk_in, name="walk-in"),
    path("datasets/<id:dataset>/", datasets.dataset, name="dataset"),
    path("datasets/<id:dataset>/state/", datasets.dataset_state, name="dataset-state"),
    path("datasets/<id:dataset>/quarantine.csv", datasets.quarantine_export, {"form": "csv"}, name="quarantine"),
    path("datasets/<id:dataset>/quarantine.xlsx", datasets.quarantine_export, {"form": "xlsx"}, name="quarantine-xlsx"),
    path("datasets/<id:dataset>/delete/", datasets.delete, name="dataset-delete"),
    path("uploads/", uploads.create, name="uploads"),
    path("uploads/<id:upload>/", uploads.upload, name="upload"),
    path("uploads/<id:upload>/finish/", uploads.finish, name="upload-finish"),
    path("uploads/<id:upload>/abandon/", uploads.abandon, name="upload-abandon"),
    path("sign/", signing.pending, name="sign"),
    path("sign/<digest:digest>/", signing.sign, name="sign-one"),
    path("sign/<digest:digest>/approve/", approving.approve, name="approve"),
    path("sign/<digest:digest>/approval/", approving.withdraw, name="approval-withdraw"),
    path("ceremony/approve/<digest:digest>/", approving.ask, name="approve-ask"),
    path("ceremony/enrol/", passkeys.ask, name="passkey-ask"),
    path("passkeys/", passkeys.listing, name="passkeys"),
    path("passkeys/<str:credential>/", passkeys.passkey, name="passkey"),
    path("capsules/", capsules.listing, name="capsules"),
    path("capsules/<id:capsule>/<slug:act>/", capsules.act, name="capsule-act"),
    path("contracts/", contracts.listing, name="contracts"),
    path("contracts/<digest:digest>/<slug:act>/", contracts.act, name="contract-act"),
    path("results/", results.listing, name="results"),
    path("results/<id:job>/", results.result, name="result"),
    path("results/<id:job>/open/", results.open_result, name="result-open"),
    path("results/<id:job>/take/", results.take, name="result-take"),
    path("results/<id:job>/dataset/", results.make_input, name="result-input"),
    path("results/<id:job>/export.csv", results.export, {"form": "csv"}, name="result-csv"),
    path("results/<id:job>/export.xlsx", results.export, {"form": "xlsx"}, name="result-xlsx"),
    path("zone-rules/", governance.zone_rules, name="zone-rules"),
    path("cards/", cards.listing, name="cards"),
    path("cards/own.json", cards.own, name="own-card"),
    path("cards/<digest:digest>/", cards.confirm, name="card"),
    path("cards/<digest:digest>/refuse/", cards.refuse, name="card-refuse"),
    path("custody/", custody.page, name="custody"),
    path("custody/custodians/", custody.choose, name="custodians"),
    path("custody/sheets/new/", custody.make_sheet, name="sheet-new"),
    path("custody/sheets/<digest:digest>/", custody.confirm_sheet, name="sheet"),
    path("custody/sheets/<digest:digest>/drop/", custody.drop_sheet, name="sheet-drop"),
    path("custody/recovery/", custody.answer_recovery, name="recovery"),
    path("roster/", people.listing, name="roster"),
    path("roster/add/", people.add, name="person-add"),
    path("roster/<id:person>/", people.person, name="person"),
    path("roster/<id:person>/code/", people.draw_code, name="person-code"),
    path("roster/<id:person>/confirm/", people.confirm_passkey, name="passkey-confirm"),
    path("roster/<id:person>/passkeys/<str:credential>/", people.person_passkey, name="person-passkey"),
    path("health/", health.page, name="health"),
    path("api/v1/datasets/", api.dataset_list, name="api-datasets"),
    path("api/v1/datasets/<id:dataset>/", api.dataset, name="api-dataset"),
    path("api/v1/results/", api.result_list, name="api-results"),
    path("api/v1/results/<id:job>/", api.result, name="api-result"),
    path("healthz", health.healthz, name="healthz"),
]

"""Why an order, a request, a capsule or an attempt was refused, in words."""

from creditzone.kernel.refusals.clause import Clause

OF_JOBS: dict[str, Clause] = {
    # the order itself
    "zone-signature": Clause(
        "指令不是本专区签发的，或内容被改动。",
        "The order was not signed by this zone, or was altered.",
        "请空间运营方核查门户与签名密钥。",
        "Ask the zone operator to check the portal and its signing key.",
    ),
    "wrong-party": Clause(
        "指令的收件方不是本方。", "The order is addressed to another party.", "无需处理。", "Nothing to do."
    ),
    "expired": Clause(
        "指令已于 %(expired_at)s 过期。",
        "The order expired at %(expired_at)s.",
        "请重新提交任务。",
        "Submit the job again.",
    ),
    "clock-skew": Clause(
        "文件时间比本节点时钟快 %(seconds)s 秒，超过 120 秒。",
        "The document is %(seconds)s s ahead of this node's clock; 120 s are allowed.",
        "请校准时钟后重试。",
        "Set the clocks right and try again.",
    ),
    "clock-back": Clause(
        "本节点时钟被拨回 %(seconds)s 秒，停止启封。",
        "This node's clock went back by %(seconds)s s, so it opens nothing.",
        "请校准本节点时钟。",
        "Set this node's clock right.",
    ),
    "replayed": Clause(
        "指令已经执行过，或世代号不高于上一次。",
        "The order was seen before, or its fence is not above the last one.",
        "无需处理；重放的指令不会执行。",
        "Nothing to do: a replayed order is not carried out.",
    ),
    "attempts": Clause(
        "任务最多尝试两次。", "A job has at most two attempts.", "请重新提交任务。", "Submit the job again."
    ),
    "order-mismatch": Clause(
        "指令与任务申请书不一致：%(what)s。",
        "The order and the signed request differ: %(what)s.",
        "请空间运营方核查门户。",
        "Ask the zone operator to check the portal.",
    ),
    "malformed": Clause(
        "文件格式不合规范：%(what)s。",
        "A document is malformed: %(what)s.",
        "请空间运营方核查门户。",
        "Ask the zone operator to check the portal.",
    ),
    # who asks
    "unknown-card": Clause(
        "本节点尚未确认 %(organisation)s 的机构名片。",
        "This node has not confirmed the card of %(organisation)s.",
        "请本方人员在节点“机构名片”页核对指纹并确认。",
        "An officer confirms the fingerprint on the node's cards page.",
    ),
    "request-signature": Clause(
        "任务申请书没有使用方 %(organisation)s 的有效签名。",
        "The job request has no valid signature by its recipient %(organisation)s.",
        "请使用方在其节点签署任务申请书。",
        "The recipient signs the request in its own node.",
    ),
    "request-expired": Clause(
        "任务申请书已过期。", "The job request has expired.", "请重新起草并签署。", "Draft and sign it again."
    ),
    # contract and authorisation
    "contract-missing": Clause(
        "胶囊 %(capsule)s 没有可用的合约。",
        "There is no contract for capsule %(capsule)s.",
        "请先订立数据可用性契约。",
        "Agree a contract first.",
    ),
    "contract-signature": Clause(
        "合约缺少 %(organisation)s 的有效签名。",
        "The contract lacks a valid signature by %(organisation)s.",
        "请该方在其节点签署合约。",
        "That party signs the contract in its node.",
    ),
    "contract-mismatch": Clause(
        "合约与本次使用不符：%(what)s。",
        "The contract does not cover this use: %(what)s.",
        "请订立相应合约。",
        "Agree a fitting contract.",
    ),
    "contract-state": Clause(
        "合约在本节点的状态为“%(state)s”。",
        "At this node the contract is %(state)s.",
        "请与提供方联系。",
        "Ask the provider.",
    ),
    "contract-window": Clause(
        "合约不在有效期内。", "The contract is outside its term.", "请续签合约。", "Renew the contract."
    ),
    "authorisation-missing": Clause(
        "没有企业的授权书。",
        "There is no authorisation by the firm.",
        "请企业签署授权书。",
        "The firm signs an authorisation.",
    ),
    "authorisation-signature": Clause(
        "授权书没有企业 %(organisation)s 的有效签名。",
        "The authorisation has no valid signature by the firm %(organisation)s.",
        "请企业本人签署授权书。",
        "The firm itself signs the authorisation.",
    ),
    "authorisation-mismatch": Clause(
        "授权书与本次使用不符：%(what)s。",
        "The authorisation does not cover this use: %(what)s.",
        "请企业签署相应授权书。",
        "The firm signs a fitting authorisation.",
    ),
    "authorisation-window": Clause(
        "授权书不在有效期内。",
        "The authorisation is outside its term.",
        "请企业续签授权书。",
        "The firm renews its authorisation.",
    ),
    "authorisation-withdrawn": Clause(
        "企业 %(organisation)s 已撤回授权书。",
        "The firm %(organisation)s withdrew its authorisation.",
        "不得据此再作任何计算；如仍需要，请企业另签授权书。",
        "Nothing is computed under it any more; if it is still wanted, the firm signs another.",
    ),
    "consent-changed": Clause(
        "运行期间有企业撤回了授权书。",
        "A firm withdrew its authorisation while the job ran.",
        "将重试一次，该企业不再计入。",
        "It is tried once more, without that firm.",
    ),
    "natural-person": Clause(
        "统一代码以 92 开头，属个人信息，须有单独同意，本专区暂不评分。",
        "A code that begins with 92 is a person's; scoring it needs separate consent and is not offered yet.",
        "请剔除后重试。",
        "Leave it out and try again.",
    ),
    # capsule
    "capsule-unknown": Clause(
        "本节点没有胶囊 %(capsule)s。",
        "This node holds no capsule %(capsule)s.",
        "请核对胶囊。",
        "Check the capsule.",
    ),
    "capsule-signature": Clause(
        "胶囊 %(capsule)s 的签名无效。",
        "The signature on capsule %(capsule)s is not valid.",
        "请提供方重新封装。",
        "The provider seals it again.",
    ),
    "capsule-version": Clause(
        "胶囊版本为 v%(asked)s，现行版本为 v%(head)s。",
        "The job names version %(asked)s; the head is version %(head)s.",
        "请按现行版本重新提交任务。",
        "Submit the job again for the head version.",
    ),
    "capsule-damaged": Clause(
        "胶囊内容损坏或被改动，未启封。",
        "The capsule's body is damaged or was altered; it was not opened.",
        "请提供方用备份恢复或重新封装。",
        "The provider restores its backup or seals it again.",
    ),
    "share-missing": Clause(
        "胶囊密钥缺少 %(holder)s 的分片，未启封。",
        "The share of the capsule's secret that %(holder)s holds is missing; the capsule was not opened.",
        "请该持有方恢复分片；若无法恢复，请提供方重新签署策略，使胶囊换用新密钥。",
        "Its holder brings it back; where it is lost, the provider signs the policy anew and the capsule gets a new"
        " secret.",
    ),
    "share-wrong": Clause(
        "%(holder)s 的密钥分片与胶囊头中的承诺不符，未启封。",
        "The share of %(holder)s is not the one that the capsule's header commits to; the capsule was not opened.",
        "请该持有方核对分片；必要时请提供方重新签署策略。",
        "Its holder checks it; where it is lost, the provider signs the policy anew.",
    ),
    "share-withheld": Clause(
        "%(holder)s 没有交出所保管的密钥分片：%(why)s",
        "%(holder)s did not release its share of the capsule's secret: %(why)s",
        "请向该保管方了解；其理由消除后可重新提交任务。",
        "Ask that custodian; once its reason is gone, submit the job again.",
    ),
    "deposit-missing": Clause(
        "保管方没有收到胶囊 %(capsule)s 的密钥分片。",
        "The custodian has no deposit of the capsule %(capsule)s.",
        "请提供方重新签署策略，分片将重新交存。",
        "The provider signs the policy anew, which deposits new shares.",
    ),
    "deposit-unfit": Clause(
        "%(organisation)s 交存的密钥分片与其胶囊头不符，未予保管。",
        "The share that %(organisation)s deposited does not fit the capsule's header; it is not kept.",
        "请提供方重新签署策略，分片将重新交存。",
        "The provider signs the policy anew, which deposits new shares.",
    ),
    "custody-malformed": Clause(
        "胶囊头中的密钥分管记录自相矛盾，未启封。",
        "What the capsule's header says of its holders contradicts itself; the capsule was not opened.",
        "请提供方重新签署策略，使胶囊换用新密钥。",
        "The provider signs the policy anew, and the capsule gets a new secret.",
    ),
    "capsule-frozen": Clause(
        "胶囊已被提供方冻结。",
        "The provider has frozen the capsule.",
        "请与提供方联系；解冻后可重新提交。",
        "Ask the provider; once it is resumed, submit the job again.",
    ),
    "capsule-revoked": Clause(
        "胶囊已被提供方吊销，不再启封。",
        "The provider has revoked the capsule; it is not opened any more.",
        "请与提供方联系，或选用其他数据。",
        "Ask the provider, or choose other data.",
    ),
    "capsule-destroyed": Clause(
        "胶囊已被提供方销毁，密文与密钥均已不存在。",
        "The provider has destroyed the capsule; neither its body nor its keys exist any more.",
        "请与提供方联系，或选用其他数据。",
        "Ask the provider, or choose other data.",
    ),
    "source-frozen": Clause(
        "该胶囊由 %(organisation)s 的胶囊 %(source)s 派生，来源已被其提供方冻结。",
        "The capsule was made of capsule %(source)s of %(organisation)s, which its provider has frozen.",
        "请与来源的提供方联系；来源解冻后可重新提交。",
        "Ask the source's provider; once it is resumed, submit the job again.",
    ),
    "source-revoked": Clause(
        "该胶囊由 %(organisation)s 的胶囊 %(source)s 派生，来源已被其提供方吊销，派生胶囊不再启封。",
        "The capsule was made of capsule %(source)s of %(organisation)s, which its provider has revoked; what was made"
        " of it is not opened any more.",
        "请选用其他数据。",
        "Choose other data.",
    ),
    # parties and model
    "model-digest": Clause(
        "评分卡与申请书所列摘要不一致。",
        "The scorecard is not the one that the request names.",
        "请空间运营方核查门户。",
        "Ask the zone operator to check the portal.",
    ),
    "parties": Clause(
        "参与方与评分卡所需数据域的提供方不一致：%(what)s。",
        "The parties are not those whose domains the scorecard needs: %(what)s.",
        "请按评分卡选择数据。",
        "Choose the data that the scorecard needs.",
    ),
    # the set
    "set-duplicates": Clause(
        "名单中有重复的统一代码。",
        "The set names a code more than once.",
        "请使用方去重后重新提交。",
        "The recipient removes duplicates and submits again.",
    ),
    "set-foreign": Clause(
        "名单中有不属于本方胶囊的统一代码。",
        "The set names a firm that is not in this capsule.",
        "任务已中止。",
        "The job was ended.",
    ),
    "set-empty": Clause(
        "没有匹配的企业，或全部没有有效授权。",
        "No firm matches, or none has a live authorisation.",
        "请核对名单和授权。",
        "Check the list and the authorisations.",
    ),
    # how an attempt can end
    "busy": Clause(
        "节点没有空位，任务继续排队。",
        "The node has no free slot; the job waits.",
        "请稍候。",
        "Please wait.",
    ),
    "cancelled": Clause("任务已被取消。", "The job was cancelled.", "可重新提交。", "It can be submitted again."),
    "peer-refused": Clause("%(party)s 未放行。", "%(party)s refused.", "见该方的理由。", "See that party's reason."),
    "peer-lost": Clause(
        "与对方节点的连接中断。",
        "The link to another node was lost.",
        "系统会再试一次。",
        "It is tried once more.",
    ),
    "node-lost": Clause(
        "节点 %(party)s 失去心跳。",
        "The node of %(party)s stopped answering.",
        "请该方检查节点后重新提交任务。",
        "That party checks its node; then submit again.",
    ),
    "node-restarted": Clause(
        "节点在任务中重启，本次尝试作废。",
        "The node restarted during the job; this attempt is void.",
        "系统会再试一次。",
        "It is tried once more.",
    ),
    "node-restored": Clause(
        "本方节点由旧备份恢复，正在取回自己签署过的陈述，暂不接受任务。",
        "This node was restored from an older backup; it takes no orders until it has back what it said since.",
        "片刻后重试；若持续如此，请在节点“健康”页查看原因。",
        "Try again in a moment; if it stays so, the node's health page says why.",
    ),
    "deadline": Clause(
        "计算超过时限，已停止。",
        "The computation passed its deadline and was stopped.",
        "请稍后重试。",
        "Try again later.",
    ),
    "engine-failed": Clause(
        "计算引擎异常结束，未产生结果。",
        "The engine ended abnormally; there is no result.",
        "请重新提交；若反复出现请联系空间运营方。",
        "Submit again; if it recurs, ask the zone operator.",
    ),
    "settings-differ": Clause(
        "各方的计算参数不一致，未开始计算。",
        "The parties' engine settings differ; nothing was computed.",
        "请各方核对节点版本。",
        "The parties compare their nodes' versions.",
    ),
    "scratch": Clause(
        "节点没有可用的内存盘空间。",
        "The node has no room on memory-backed scratch.",
        "请节点管理员扩大内存盘。",
        "The node's administrator enlarges it.",
    ),
    "receipts-differ": Clause(
        "各方回执不一致，任务有争议，结果不作数。",
        "The parties' receipts differ: the job is disputed and its result does not count.",
        "请各方核对节点回执；可重新提交任务。",
        "The parties compare their receipts; the job can be submitted again.",
    ),
    "superseded": Clause(
        "本次尝试已被新的尝试取代。", "A newer attempt has taken over.", "无需处理。", "Nothing to do."
    ),
    "lease-lost": Clause("租约已到期。", "The lease has expired.", "系统会再试一次。", "It is tried once more."),
}

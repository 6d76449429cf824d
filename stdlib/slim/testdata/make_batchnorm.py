"""Computes batchnorm.json with real TF-Slim; see README.md."""
import sys,json
# PYTHONPATH must have the folder of tf1.py
from tf1 import tf,tf1,slim,np,session
out={}
def case(name,shape,steps=3,**kw):
    g=tf1.Graph()
    with g.as_default():
        x=tf1.placeholder(tf.float32,shape)
        if kw.pop('weights',None): kw['batch_weights']=tf.constant(np.linspace(.2,2,shape[0]).astype('f'))
        y=slim.batch_norm(x,decay=.8,scale=True,**kw)
        s=session(g,2); s.run(tf1.global_variables_initializer())
        up=tf1.get_collection('update_ops')
        n=int(np.prod(shape)); ys=[]
        for k in range(steps):
            v=((np.arange(n)*37%101)/50.-1+k*.3).astype('f').reshape(shape)
            ys.append(s.run([y]+up,{x:v})[0].reshape(-1).tolist())
        out[name]=dict(shape=shape,y=ys,vars={v.op.name:np.asarray(s.run(v)).reshape(-1).tolist() for v in tf1.global_variables()})
case('rank4',[2,3,2,3]); case('unfused',[2,3,2,3],fused=False); case('rank2',[4,3]); case('rank2_unfused',[4,3],fused=False)
case('rank3',[2,3,3]); case('in_place',[2,3,2,3],updates_collections=None); case('zero_debias',[2,3,2,3],zero_debias_moving_mean=True)
case('zero_debias_unfused',[2,3,2,3],zero_debias_moving_mean=True,fused=False); case('weights',[4,2,2,3],weights=True); case('inference',[2,3,2,3],is_training=False); case('not_trainable',[2,3,2,3],trainable=False); case('not_trainable2',[4,3],trainable=False)
case('renorm',[2,3,2,3],renorm=True,renorm_decay=.7); case('renorm2',[4,3],renorm=True,renorm_decay=.7); case('renorm_clipping',[2,3,2,3],renorm=True,renorm_decay=.7,renorm_clipping=dict(rmin=.9,rmax=1.1,dmax=.2))
case('renorm_inference',[2,3,2,3],renorm=True,is_training=False); case('renorm_not_trainable',[2,3,2,3],renorm=True,trainable=False)
scale_of=lambda c: tf.constant((1+np.arange(c)*.1).astype('f')); bias_of=lambda c: tf.constant((.2-np.arange(c)*.15).astype('f'))
adjust=lambda shape: (scale_of(3),bias_of(3))
each=lambda shape: (tf.reshape(scale_of(2),[2,1,1,1]),tf.reshape(bias_of(2),[2,1,1,1]))
case('adjustment',[2,3,2,3],adjustment=adjust); case('adjustment2',[4,3],adjustment=adjust); case('adjustment_each',[2,3,2,3],adjustment=each)
case('adjustment_renorm',[2,3,2,3],adjustment=adjust,renorm=True,renorm_decay=.7); case('adjustment_inference',[2,3,2,3],adjustment=adjust,is_training=False)
case('adjustment_not_trainable',[2,3,2,3],adjustment=adjust,trainable=False)
case('renorm_variance',[2,3,2,3],renorm=True,renorm_decay=.7,param_initializers=dict(moving_variance=tf1.constant_initializer(4.)))
json.dump(out,open('batchnorm.json','w'))
